"""The record of one unit: what was seen, decided and done, chained to the record before it by its hash.

The hash covers every field but itself, as canonical JSON, so that an exported line can be checked by anyone with a
SHA-256. The line states an `Outcome`; sequence, previous hash and hash are given by the store when it is appended.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from models.digest import digest_json
from models.observation import Observation
from models.verdict import Disposition, Finding, Judgement, Reason

State = Literal["accepted", "rejected", "held", "sampled", "lost"]  # sampled: kept for samples to be taken
GateMove = Literal["PASS", "REJECT"]

_JUDGED_AS = {
    "accepted": Disposition.ACCEPT,
    "sampled": Disposition.ACCEPT,
    "rejected": Disposition.REJECT,
    "held": Disposition.HOLD,
}


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{moment.isoformat()} is not in UTC: records keep UTC only")
    return moment.astimezone(UTC)


Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Milliseconds = Annotated[float, Field(allow_inf_nan=False)]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Digests(Strict):
    """What the unit was judged with."""

    recipe: Sha256
    package: Sha256
    sheet: Sha256
    reading: Sha256


class Evidence(Strict):
    """A kept picture or heat map: file relative to the store's evidence folder, and the digest of its bytes."""

    file: str
    sha256: Sha256


class Outcome(Strict):
    """All that the line knows of one unit once the gate has moved."""

    batch: int = Field(ge=1)
    epoch: int = Field(ge=1)
    unit: int = Field(ge=0)  # number that the PLC gave it
    disposition: Disposition
    reason: Reason | None = None
    text: str = ""
    findings: tuple[Finding, ...] = ()
    reasons: dict[str, Reason] = Field(default_factory=dict)  # by view, of the views that were not accepted
    observations: dict[str, tuple[Observation, ...]] = Field(default_factory=dict)  # by view, also those not judged
    judgements: dict[str, tuple[Judgement, ...]] = Field(default_factory=dict)  # by view
    gate: GateMove  # what the gate did, not what it was asked
    state: State
    digests: Digests
    taken_at: Moment  # of the first frame, or of the trigger when none came
    times_ms: dict[str, Milliseconds] = Field(default_factory=dict)  # eyes, mind, decision, gate, deadline
    sources: dict[str, str] = Field(default_factory=dict)  # by view: file, render seed or camera serial
    evidence: dict[str, Evidence] = Field(default_factory=dict)  # by view, and by `heat_of` it

    @model_validator(mode="after")
    def gate_and_state_agree(self) -> "Outcome":
        if (self.state == "accepted" and self.gate != "PASS") or (
            self.state in ("rejected", "held") and self.gate == "PASS"
        ):
            raise ValueError(f"unit {self.unit}: state is {self.state}, but the gate's move was {self.gate}")
        judged = _JUDGED_AS.get(self.state, self.disposition)  # a lost unit may have been judged anything
        if judged is not self.disposition:
            raise ValueError(f"unit {self.unit}: state is {self.state}, but it was judged {self.disposition}")
        return self

    @property
    def n_observations(self) -> int:
        """Observations over all views; 0 lets a query settle the unit without reading them."""
        return sum(len(seen) for seen in self.observations.values())


class InspectionRecord(Outcome):
    """An outcome in its place in the chain.

    `previous` is the hash of the record before it in the batch; for the first one, of the batch's opening event.
    """

    sequence: int = Field(ge=1)
    previous: Sha256
    hash: Sha256

    def content(self) -> dict[str, object]:
        """Everything that the hash covers, as JSON values."""
        return {**self.model_dump(mode="json", exclude={"hash"}), "n_observations": self.n_observations}

    def holds(self) -> bool:
        """True if the hash is that of the content."""
        return digest_json(self.content()) == self.hash
