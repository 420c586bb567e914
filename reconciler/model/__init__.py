"""Data types that every step hands to the next: frozen, comparable, and free of I/O.

The steps (load, match, diff, plan, send, …) do not know each other; they meet only in these types. One module holds one
subject; ``from reconciler.model import Change`` works for every type.
"""

from reconciler.model.addresses import NOWHERE, Address, FixedLocator, Locator, Origin, Place, Span
from reconciler.model.calls import BodyForm, Call, Item, Plan, ReadCall, WriteEffect
from reconciler.model.changes import Action, Change, FieldChange, Irreversible, IrreversibleReason
from reconciler.model.drift import Author, Drift, DriftState, Unmanaged, UnmanagedShare
from reconciler.model.judgements import Excuse, Judgement, RuleLevel, Verdict
from reconciler.model.money import LimitChange, Money
from reconciler.model.outcomes import Answer, Delivery, ItemOutcome, ItemStatus, ReadBack
from reconciler.model.problems import CAUSES, GUARDRAIL, Cause, Problem, Severity, error, warning
from reconciler.model.resources import Desired, Live, Pair
from reconciler.model.run import Run
from reconciler.model.values import FieldPath, Json, Value, Values

__all__ = [
    "CAUSES",
    "GUARDRAIL",
    "NOWHERE",
    "Action",
    "Address",
    "Answer",
    "Author",
    "BodyForm",
    "Call",
    "Cause",
    "Change",
    "Delivery",
    "Desired",
    "Drift",
    "DriftState",
    "Excuse",
    "FieldChange",
    "FieldPath",
    "FixedLocator",
    "Irreversible",
    "IrreversibleReason",
    "Item",
    "ItemOutcome",
    "ItemStatus",
    "Json",
    "Judgement",
    "LimitChange",
    "Live",
    "Locator",
    "Money",
    "Origin",
    "Pair",
    "Place",
    "Plan",
    "Problem",
    "ReadBack",
    "ReadCall",
    "RuleLevel",
    "Run",
    "Severity",
    "Span",
    "Unmanaged",
    "UnmanagedShare",
    "Value",
    "Values",
    "Verdict",
    "WriteEffect",
    "error",
    "warning",
]
