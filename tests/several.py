"""A small corpus whose documents have several labels, which can be learned."""

import random

TOPICS = {
    "fruit": "apple pear plum cherry orchard ripe",
    "heavy metal": "iron copper zinc alloy forge ore",
    "music": "violin chord melody choir tempo opera",
    "sea": "wave tide harbour salt ship reef",
}
Rows = list[tuple[str, list[str]]]


def documents(count: int, seed: int) -> Rows:
    """Texts about one to three topics; one topic has a single document."""
    random_ = random.Random(seed)
    rows = []
    for _ in range(count):
        labels = random_.sample(sorted(TOPICS), random_.choice([1, 1, 2, 3]))
        words = [word for label in labels for word in random_.choices(TOPICS[label].split(), k=4)]
        words += random_.choices(["the", "a", "of", "and", "to", "in"], k=4)
        random_.shuffle(words)
        rows.append((" ".join(words), labels))
    return rows
