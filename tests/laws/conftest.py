"""How much Hypothesis tries: little by default, much with HYPOTHESIS_PROFILE=thorough."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

QUICK = [phase for phase in Phase if phase is not Phase.explain]  # it traces every line, and takes minutes
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
settings.register_profile("quick", max_examples=5, deadline=None, suppress_health_check=SLOW, phases=QUICK)
settings.register_profile("thorough", max_examples=200, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
