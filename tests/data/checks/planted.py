"""News-like corpora, one clean, one with everything planted that `check` is to find."""

import csv
import random
from pathlib import Path

GROUPS = {
    "comp.graphics": "pixel polygon render shading texture image palette raster vector bitmap",
    "rec.autos": "engine brake clutch gear wheel tyre mileage exhaust sedan torque",
    "sci.space": "orbit rocket launch shuttle lunar probe telescope satellite payload mission",
    "talk.politics": "senate ballot policy congress vote treaty tax campaign governor reform",
}
_COMMON = """
the of and to in is that it for was on are as with they be at this have from or had by not what
all were when we there can an your which their said if do will each about how up out them then
she many some so these would other into has more her two like him see time could no make than
"""
Row = tuple[str, str]


def clean(count: int, seed: int) -> list[Row]:
    """(text, label) rows: long enough texts, no two alike, labels in random order."""
    random_ = random.Random(seed)
    rows = []
    for number in range(count):
        label = list(GROUPS)[number % len(GROUPS)]
        topic = random_.choices(GROUPS[label].split(), k=random_.randint(4, 8))
        words = random_.choices(_COMMON.split(), k=random_.randint(20, 60)) + topic
        random_.shuffle(words)
        rows.append((" ".join(words), label))
    random_.shuffle(rows)
    return rows


def write(path: Path, rows: list[Row]) -> None:
    """A CSV file with a header; row i is on line i + 2."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
