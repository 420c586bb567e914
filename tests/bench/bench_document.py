"""How long reading takes beside ``yaml.load(..., CSafeLoader)``, over files of 100 ad sets.

Prints a ratio, because seconds belong to a machine: below 0.40 is the goal. The contestants take turns,
and the median of the rounds counts.
"""

import gc
import sys
import time
from collections.abc import Callable
from statistics import median

import yaml

from reconciler.config.yaml_document import parse

FILES = 20
AD_SETS = 100
ROUNDS = 5

AD_SET = """\
  summer-{n}:
    name: "Prospecting {n} FR"
    campaignId: "{campaign}"
    datasetId: "6789"
    objective: conversions
    mediaType: display
    trackingCode: utm_source=criteo&utm_campaign={n}
    schedule:
      startDate: 2026-09-01
      endDate: 2026-12-31
      activationStatus: on
    bidding:
      bidStrategy: conversions
      costController: maxCPC
      bidAmount: {bid}
    targeting:
      deliveryLimitations:
        devices: [desktop, mobile, tablet]
        environments: [web, inApp]
        operatingSystems: [android, ios, windows]
      geoLocation:
        countries:
          operand: in
          values: [FR, NO, DE]
        subdivisions:
          operand: notIn
          values: ["FR-75", "FR-13"]
      frequencyCapping:
        frequency: daily
        maximumImpressions: 5
    budget:
      budgetStrategy: capped
      budgetRenewal: daily
      budgetDeliverySmoothing: standard
      budgetAmount: {budget}
"""


def project() -> list[bytes]:
    """Files of ad sets that differ in what ad sets differ in."""
    files = []
    for file in range(FILES):
        numbers = range(file * AD_SETS, (file + 1) * AD_SETS)
        ad_sets = (
            AD_SET.format(n=n, campaign=10_000 + n // 5, bid=f"{n % 97 / 100:.2f}", budget=f"{n % 1009}.50")
            for n in numbers
        )
        files.append(("adSets:\n" + "".join(ad_sets)).encode())
    return files


def ours(text: bytes) -> None:
    document, problems = parse(text, "ads.yaml")
    if document is None:
        raise SystemExit(str(problems))


def with_places(text: bytes) -> None:
    document, _ = parse(text, "ads.yaml")
    assert document is not None
    document.span(("adSets",))


def stock(text: bytes) -> None:
    yaml.load(text, yaml.CSafeLoader)


def seconds(read: Callable[[bytes], None], files: list[bytes]) -> float:
    gc.collect()
    start = time.process_time()
    for text in files:
        read(text)
    return time.process_time() - start


def main() -> None:
    files = project()
    times: dict[str, list[float]] = {"stock": [], "ours": [], "with places": []}
    for _ in range(ROUNDS):
        for name, read in (("stock", stock), ("ours", ours), ("with places", with_places)):
            times[name].append(seconds(read, files))
    base = median(times["stock"])
    for name, taken in times.items():
        micro = median(taken) / (FILES * AD_SETS) * 1e6
        sys.stdout.write(f"{name:12} {micro:6.0f} µs per ad set   ratio {median(taken) / base:.2f}\n")


if __name__ == "__main__":
    main()
