"""Settings with nothing left open, as the rules that fill them in need a corpus."""

PLAIN: dict[str, float | str] = {
    "loss": "cross_entropy",
    "learning_rate": 1.0,
    "linear_learning_rate": 0.1,
    "bias_learning_rate": 0.1,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
}
