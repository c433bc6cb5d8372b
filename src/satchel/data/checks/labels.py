"""Labels: how many documents each has, which are spelt in two ways, and in what order they come."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from satchel.data.checks.findings import PLACES_KEPT, Finding, Place, listed, plural
from satchel.data.checks.survey import Survey

_FEW = 5  # documents below which a class can hardly be learned, let alone validated
_IMBALANCE = 100  # the largest class has so many times the documents of the smallest
_RARE = 0.1  # of the documents of the label that it resembles
_MOST_RARE = 20  # documents of a label that may be a slip
_SORTED = 0.1  # share of the changes of label that chance would give, below which a file is sorted
_LEAST_DOCUMENTS = 50


def label_findings(surveys: Sequence[Survey], *, shuffle: bool) -> Iterator[Finding]:
    """What is odd about labels.

    Args:
        surveys: of the training data, then of the validation and test data.
        shuffle: whether training takes the documents in a new order each epoch.
    """
    train = surveys[0]
    counts = train.class_counts()
    yield from _sizes(train, counts)
    yield from _spellings(train, counts)
    for held_out in surveys[1:]:
        yield from _unknown(counts, held_out)
    yield from _order(train, shuffle=shuffle)


def _sizes(train: Survey, counts: dict[str, int]) -> Iterator[Finding]:
    rare = [label for label, count in counts.items() if count < _FEW]
    if rare:
        yield Finding(
            "rare-classes",
            "warning",
            len(rare),
            f"{plural(len(rare), 'class', 'classes')} of fewer than {_FEW} documents ({listed(rare)}): too "
            "few to learn from and to validate on; add documents, or merge them with others",
            _first_places(train, rare),
            tuple(rare),
        )
    frequent = [label for label in counts if label not in rare]
    if len(frequent) > 1 and counts[frequent[0]] > _IMBALANCE * counts[frequent[-1]]:
        yield Finding(
            "imbalance",
            "note",
            len(train),
            f"{frequent[0]!r} has {counts[frequent[0]]:,} documents and {frequent[-1]!r} "
            f"{counts[frequent[-1]]:,}: accuracy will say little of the small classes; look at the macro F1, "
            "and try training.class_weights: balanced",
            names=(frequent[0], frequent[-1]),
        )


def _spellings(train: Survey, counts: dict[str, int]) -> Iterator[Finding]:
    """Labels that are the same but for case and white space, or but for a slip of the pen."""
    variants: dict[str, list[str]] = {}
    for label in counts:
        variants.setdefault(folded(label), []).append(label)
    groups = [group for group in variants.values() if len(group) > 1]
    if groups:
        named = [" / ".join(group) for group in groups]
        yield Finding(
            "label-variants",
            "warning",
            len(groups),
            f"{plural(len(groups), 'label')} spelt in several ways that differ only in case, white space or "
            f"hyphens: {listed(named)}; each spelling is a class of its own: write them alike",
            _first_places(train, [label for group in groups for label in group[1:]]),
            tuple(named),
        )
    slips = [
        (rare, likely)
        for rare, likely in _similar(list(counts))
        if counts[rare] <= min(_MOST_RARE, _RARE * counts[likely])
    ]
    if slips:
        named = [f"{rare} ({counts[rare]:,}) for {likely} ({counts[likely]:,})" for rare, likely in slips]
        yield Finding(
            "label-typos",
            "warning",
            len(slips),
            f"{plural(len(slips), 'rare label')} within a slip or two of a frequent one: {listed(named)}; if "
            "they are typing errors, correct them",
            _first_places(train, [rare for rare, _ in slips]),
            tuple(named),
        )


def folded(label: str) -> str:
    """A label without what people do not tell apart: case, width, white space, hyphens, underscores."""
    plain = unicodedata.normalize("NFKC", label).casefold()
    return "".join(c for c in plain if not (c.isspace() or c in "-_‐‑–"))


def _similar(labels: list[str]) -> list[tuple[str, str]]:
    """Pairs (a, b) and (b, a) of labels an edit or two apart, by their deletions (Garbe's SymSpell)."""
    plain = {label: folded(label) for label in labels}
    deleted: dict[str, list[str]] = {}
    for label, word in plain.items():
        for variant in _deletions(word, _allowed(word)):
            deleted.setdefault(variant, []).append(label)
    pairs: dict[tuple[str, str], None] = {}
    for group in deleted.values():
        for a, b in combinations(group, 2):
            if plain[a] != plain[b] and _is_slip(plain[a], plain[b]):
                pairs[a, b] = pairs[b, a] = None
    return list(pairs)


def _allowed(word: str) -> int:
    """How many edits make a slip of a word: none of a short one, two of a long one."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _deletions(word: str, depth: int) -> set[str]:
    found = {word}
    for _ in range(depth):
        found |= {variant[:i] + variant[i + 1 :] for variant in found for i in range(len(variant))}
    return found


def _is_slip(a: str, b: str) -> bool:
    """Whether two words are an edit or two apart, and not in their digits (`class1` and `class2`)."""
    if "".join(filter(str.isdigit, a)) != "".join(filter(str.isdigit, b)):
        return False
    return edit_distance(a, b) <= min(_allowed(a), _allowed(b))


def edit_distance(a: str, b: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours from a to b (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _unknown(counts: dict[str, int], held_out: Survey) -> Iterator[Finding]:
    found = held_out.class_counts()
    unknown = [label for label in found if label not in counts]
    if unknown:
        documents = sum(found[label] for label in unknown)
        yield Finding(
            "unknown-labels",
            "warning",
            documents,
            f"{plural(documents, f'{held_out.role} document')} with {plural(len(unknown), 'label')} that the "
            f"training data does not have ({listed(unknown)}): they cannot be predicted",
            _first_places(held_out, unknown),
            tuple(unknown),
        )
    absent = [label for label in counts if label not in found]
    if absent and len(held_out):
        yield Finding(
            "absent-labels",
            "note",
            len(absent),
            f"{plural(len(absent), 'label')} of the training data not among the {held_out.role} documents "
            f"({listed(absent)}): nothing is measured of them",
            names=tuple(absent),
        )


def _order(train: Survey, *, shuffle: bool) -> Iterator[Finding]:
    count = len(train)
    if count < _LEAST_DOCUMENTS:
        return
    shares = np.bincount(train.labels) / count
    by_chance = count * (1 - float((shares**2).sum()))
    changes = int((np.diff(train.labels) != 0).sum())
    if changes < _SORTED * by_chance:
        yield Finding(
            "sorted",
            "note" if shuffle else "warning",
            changes,
            f"the training documents are sorted by label: it changes {plural(changes, 'time')}, and in a "
            f"random order it would {by_chance:,.0f} times; "
            + (
                "training shuffles them (data.shuffle), other tools may not"
                if shuffle
                else "data.shuffle is false, so the last class would win: set it to true"
            ),
        )


def _first_places(survey: Survey, labels: list[str]) -> tuple[tuple[Place, ...], ...]:
    """The first document of each label."""
    places = []
    for label in labels[:PLACES_KEPT]:
        sets = [number for number, names in enumerate(survey.label_sets) if label in names]
        mine = np.flatnonzero(np.isin(survey.labels, sets))
        if len(mine):
            places.append((survey.place(int(mine[0])),))
    return tuple(places)
