"""The rates that are watched, each counted with its interval."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from ccds_kernel.rate import Rate, rate


class Metric(StrEnum):
    """What is watched: three rates of the alerts against the reports, and two shares of all studies."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    PPV = "ppv"
    PREVALENCE = "prevalence"
    ALERT_RATE = "alert_rate"


class Counts(BaseModel):
    """Studies by what came of them: alert and positive report (`tp`), alert alone (`fp`), positive report alone (`fn`), neither
    (`tn`); `unmatched` have a report that no phrase matches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tp: int = Field(0, ge=0)
    fp: int = Field(0, ge=0)
    fn: int = Field(0, ge=0)
    tn: int = Field(0, ge=0)
    unmatched: int = Field(0, ge=0)

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in Counts.model_fields})

    @property
    def studies(self) -> int:
        """Those with a label: what the rates are taken over, and what makes a group large enough to be published."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def reported(self) -> int:
        """All of them, with a label or not."""
        return self.studies + self.unmatched

    def rate(self, metric: Metric) -> Rate | None:
        """The rate; None where it would be over no study at all."""
        part, whole = {
            Metric.SENSITIVITY: (self.tp, self.tp + self.fn),
            Metric.SPECIFICITY: (self.tn, self.tn + self.fp),
            Metric.PPV: (self.tp, self.tp + self.fp),
            Metric.PREVALENCE: (self.tp + self.fn, self.studies),
            Metric.ALERT_RATE: (self.tp + self.fp, self.studies),
        }[metric]
        return rate(part, whole) if whole else None
