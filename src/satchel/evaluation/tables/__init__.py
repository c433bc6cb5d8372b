"""An evaluation, or two of them side by side, as a page of plain text."""

from satchel.evaluation.files import MultiLabelPair, Pair
from satchel.evaluation.metrics import Evaluation
from satchel.evaluation.multilabel import MultiLabelEvaluation
from satchel.evaluation.tables import any_labels, one_label


def render(evaluation: Evaluation | MultiLabelEvaluation, width: int) -> str:
    """The page: figures beside the majority baseline, slices, classes by their errors, confusions.

    Args:
        evaluation: what to show.
        width: columns of the terminal.
    """
    if isinstance(evaluation, MultiLabelEvaluation):
        return any_labels.render(evaluation, width)
    return one_label.render(evaluation, width)


def render_comparison(names: tuple[str, str], pair: Pair | MultiLabelPair, width: int) -> str:
    """The page for two models: figures side by side, classes that differ most, and what it comes to.

    Args:
        names: what the models are called.
        pair: their evaluations and the comparison.
        width: columns of the terminal.
    """
    if isinstance(pair, MultiLabelPair):
        return any_labels.render_comparison(names, pair, width)
    return one_label.render_comparison(names, pair, width)
