"""The design of a study: arms, epochs and encounters, each encounter on the days of its main timeline."""

from collections import Counter
from typing import Any

from services.trials.imports.sdtm.words import name_of
from services.trials.imports.usdm.timeline import Place, places
from services.trials.imports.usdm.words import Part, code, first_of, part, parts, text
from shared.contracts.trials.design import ArmType, Assignment, Masked, Masking, Model

_KINDS: dict[str, ArmType] = {
    "placebo": "placebo_comparator",
    "sham": "sham_comparator",
    "active comparator": "active_comparator",
    "no intervention": "no_intervention",
    "no treatment": "no_intervention",
    "experimental": "experimental",
    "investigational": "experimental",
}
_MASKING: dict[str, Masking] = {
    "open label": "open",
    "single blind": "single",
    "double blind": "double",
    "triple blind": "triple",
    "quadruple": "quadruple",
}
_MASKED: dict[str, Masked] = {
    "subject": "participant",
    "participant": "participant",
    "care provider": "care_provider",
    "investigator": "investigator",
    "outcomes assessor": "outcomes_assessor",
}
_MODELS: dict[str, Model] = {
    "parallel": "parallel",
    "crossover": "crossover",
    "factorial": "factorial",
    "single group": "single_group",
    "sequential": "sequential",
}
_ASSIGNED: dict[str, Assignment] = {"non-random": "non_randomised", "random": "randomised"}
_MANY: tuple[Masking, ...] = ("open", "single", "double", "triple", "quadruple")


class UnsaidError(Exception):
    """The file does not say what a design needs: `field` is where it would stand."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def fields_of(
    version: Part, design: Part, assignment: Assignment | None, left: Counter[str]
) -> dict[str, Any]:
    """The fields of a design as the file has them; `assignment` where it says nothing of it.

    UnsaidError where masking, model or assignment cannot be told; `left` counts what is not taken.
    """
    arms = [
        {**_named(arm), "kind": first_of(code(arm, "type")[1], _KINDS) or "other"}
        for arm in parts(design, "arms")
    ]
    masking: Masking | None = first_of(code(design, "blindingSchema")[1], _MASKING)
    if masking is None:
        raise UnsaidError("blindingSchema", "no masking that is known here")
    model: Model | None = first_of(code(design, "model")[1], _MODELS)
    if model is None:
        raise UnsaidError("model", "no model that is known here")
    said = " ".join(code({"is": one}, "is")[1] for one in parts(design, "characteristics"))
    assigned = first_of(said, _ASSIGNED) or ("not_applicable" if len(arms) == 1 else assignment)
    if assigned is None:
        raise UnsaidError("characteristics", "does not say how subjects are assigned: give `assignment`")
    epochs = _in_order(parts(design, "epochs"))
    return {
        "arms": arms,
        "epochs": [_named(epoch) for epoch in epochs],
        "encounters": _encounters(design, {text(e, "id"): _named(e)["code"] for e in epochs}, left),
        "masking": masking,
        "masked": _masked(version, masking, left),
        "assignment": assigned,
        "model": model,
    }


def _named(of: Part) -> dict[str, Any]:
    name = text(of, "name") or text(of, "label") or ""
    return {"code": name_of(name), "title": text(of, "label") or name}


def _in_order(found: list[Part]) -> list[Part]:
    """In the order of their links; in that of the file where these do not lead through all."""
    known = {text(one, "id"): one for one in found}
    at = next((one for one in found if not text(one, "previousId")), None)
    ordered: list[Part] = []
    while at is not None and at not in ordered:
        ordered.append(at)
        at = known.get(text(at, "nextId"))
    return ordered if len(ordered) == len(found) else found


def _encounters(design: Part, epochs: dict[str | None, str], left: Counter[str]) -> list[dict[str, Any]]:
    known = places(design, left)
    told: list[tuple[dict[str, Any], Place]] = []
    for encounter in _in_order(parts(design, "encounters")):
        place = known.get(text(encounter, "id") or "")
        if place is None or place.epoch not in epochs:
            left["encounters without an epoch on the main timeline"] += 1
        else:
            told.append((_named(encounter) | {"epoch": epochs[place.epoch]}, place))
    # An epoch's first day is that of its first encounter: the file says in words alone when it begins.
    begins: dict[str | None, int] = {}
    for _, place in told:
        if place.offset is not None:
            begins[place.epoch] = min(place.offset, begins.get(place.epoch, place.offset))
    return [
        fields
        | {"early": place.early, "late": place.late}
        | ({} if place.offset is None else {"day": place.offset - begins[place.epoch] + 1})
        for fields, place in told
    ]


def _masked(version: Part, masking: Masking, left: Counter[str]) -> tuple[Masked, ...]:
    """Who does not know the arm, where the file names as many of the four as its masking means."""
    blind = [role for role in parts(version, "roles") if part(role, "masking").get("isMasked") is True]
    found = [first_of(code(role, "code")[1], _MASKED) for role in blind]
    known: tuple[Masked, ...] = tuple(dict.fromkeys(one for one in found if one))
    if len(known) == _MANY.index(masking):
        return known
    left["roles.masking"] += len(blind)
    return ()
