"""The kinds of synthetic objects: a look and a sound for each, apart enough to be learnt from a hundred clips."""

from __future__ import annotations

from dataclasses import dataclass

from model.config import Task
from model.data.avss_classes import class_names
from model.data.synthetic.timbre import Noise, Timbre, Tone


@dataclass(frozen=True)
class Look:
    """Colour and outline. The outline's radius is 1 + wave * cos(lobes * angle), relative to the object's own."""

    hue: float
    """Turns, 0 to 1."""
    lobes: int
    wave: float


@dataclass(frozen=True)
class Kind:
    """A class of objects."""

    avss: str
    """Name among the 71 AVSS classes."""
    look: Look
    timbre: Timbre
    s4: str = ""
    """Name among the S4 categories; empty for the kinds that only AVSS has."""

    @property
    def class_id(self) -> int:
        """AVSS class id."""
        return class_names().index(self.avss)


KINDS = (
    Kind(
        "emergency-car",
        Look(0 / 12, 3, 0.25),
        Timbre(Tone(950, (1, 0.2), glide=0.2, glide_rate=1.5)),
        "ambulance_siren",
    ),
    Kind("dog", Look(2 / 12, 5, 0.28), Timbre(Noise(350, 650), pulse_rate=4, pulse_decay=9), "dog_barking"),
    Kind("helicopter", Look(4 / 12, 2, 0.3), Timbre(Noise(130, 260), pulse_rate=12, pulse_decay=20), "helicopter"),
    Kind("bird", Look(6 / 12, 0, 0.0), Timbre(Tone(4300, (1,), glide=0.08, glide_rate=6)), "mynah_bird_singing"),
    Kind("gun", Look(8 / 12, 4, 0.25), Timbre(Noise(5600, 7300), pulse_rate=5, pulse_decay=18), "cap_gun_shooting"),
    Kind(
        "violin",
        Look(10 / 12, 7, 0.2),
        Timbre(Tone(440, (0.2, 0.4, 1, 1, 0.8, 0.6), glide=0.02, glide_rate=6)),
        "playing_violin",
    ),
    Kind("piano", Look(1 / 12, 4, 0.25), Timbre(Tone(262, (1, 0.6, 0.3, 0.2)), pulse_rate=3, pulse_decay=4)),
    Kind("mower", Look(3 / 12, 0, 0.0), Timbre(Noise(1200, 2300))),
    Kind("hair-dryer", Look(5 / 12, 3, 0.25), Timbre(Noise(2600, 4000))),
    Kind("tuba", Look(7 / 12, 5, 0.28), Timbre(Tone(150, (1, 0.9, 0.7, 0.4, 0.2)))),
    Kind("cat", Look(9 / 12, 2, 0.3), Timbre(Tone(650, (1, 0.8, 0.6, 0.3), glide=0.25, glide_rate=2.5))),
    Kind("bell", Look(11 / 12, 0, 0.0), Timbre(Tone(2100, (1, 0, 0.6)), pulse_rate=2, pulse_decay=3)),
)


def kinds_of(task: Task) -> tuple[Kind, ...]:
    """The kinds that appear in a subset: twelve in AVSS, the six with an S4 category in S4 and MS3."""
    return KINDS if task == "avss" else tuple(kind for kind in KINDS if kind.s4)
