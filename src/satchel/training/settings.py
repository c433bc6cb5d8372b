"""The config's section `training`, and the whole config of a run."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from satchel.data.settings import DataSettings, TextSettings, VocabularySettings
from satchel.model.losses import LossName
from satchel.model.settings import ModelSettings
from satchel.settings import Settings
from satchel.training.schedule import LinearSchedule, Schedule

MetricName = Literal["accuracy", "f1_macro", "f1_micro", "loss"]


class EarlyStopping(Settings):
    """Stop when the validation metric has not improved for so many epochs."""

    metric: MetricName = Field("accuracy", description="The validation metric to watch.")
    patience: int = Field(3, ge=1, description="Epochs without improvement before stopping.")


class PrecisionTarget(Settings):
    """The lowest threshold at which that share of what is given a label on the validation data has it."""

    precision: float = Field(gt=0, le=1, description="The share, such as 0.9.")


class TrainingSettings(Settings):
    """How the parameters are learned."""

    engine: Literal["auto", "torch", "fused"] = Field(
        "auto",
        description="`fused` is the compiled CPU engine, `torch` the reference (any device, any option); "
        "`auto` takes `fused` where it supports the options.",
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="`cpu`, `cuda`, `cuda:1`; `auto` takes CUDA where there is one.",
    )
    loss: LossName | Literal["auto"] = Field(
        "auto",
        description="`cross_entropy`: one label a document; `binary_cross_entropy`: any number, each for "
        "itself (one-vs-rest), summed over the classes; `auto`: by whether a training document has several.",
    )
    epochs: int = Field(10, ge=1, description="Passes over the training data.")
    batch_size: int = Field(32, ge=1, description="Documents a step.")
    learning_rate: Annotated[float, Field(gt=0, le=1e30)] | Literal["auto"] = Field(
        "auto",
        description="Step size on the mean loss of a batch: a batch of B needs B times the rate of "
        "single documents for the same step. `auto`, here and below: by the number of classes and "
        "documents (docs/accuracy.md).",
    )
    schedule: Schedule = Field(
        LinearSchedule.defaults(), description="How the learning rate changes: linear, cosine or constant."
    )
    momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of torch.optim.SGD.")
    nesterov: bool = Field(False, description="Nesterov momentum.")
    linear_learning_rate: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        "auto",
        description="What the learning rate is multiplied by for the linear layer's weight; 0 leaves it "
        "as it starts, and the model is a linear one in its features.",
    )
    bias_learning_rate: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        "auto", description="What the learning rate is multiplied by for the bias."
    )
    weight_decay: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        "auto", description="Weight decay of torch.optim.SGD, on the embedding alone."
    )
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="Gradients longer than this (all parameters together) are shortened.",
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = Field(
        "auto", description="Share of each target spread evenly over all classes."
    )
    class_weights: Literal["balanced"] | dict[str, PositiveFloat] | None = Field(
        None,
        description="Weight of each class in the loss: `balanced` (N / (C * count), as scikit-learn), "
        "or given: `{spam: 3}`; classes left out weigh 1.",
    )
    early_stopping: EarlyStopping | None = Field(
        None, description="Stop early, by a validation metric; `null` for never."
    )
    calibration: Literal["temperature", "none"] = Field(
        "temperature",
        description="`temperature` divides the logits by a number fitted to the validation set after "
        "training, so that probabilities are as often right as they say (arXiv:1706.04599); it changes no "
        "label. `none`, or no validation set: they stay as they are.",
    )
    thresholds: Literal["f1"] | PrecisionTarget = Field(
        "f1",
        description="From which probability on a document is given each of any number of labels: `f1`, where "
        "the validation data's F1 is highest, or `{precision: 0.9}`, the lowest at which so large a share of "
        "what is given the label there has it. docs/multilabel.md has the details.",
    )
    tensorboard: bool = Field(
        False,
        description="Whether a run writes event files for TensorBoard in `events/`, epoch by epoch: scalars "
        "and the confusion matrix of the validation data; at the end that of the test data and the words' "
        "vectors. Needs the extra `tensorboard`.",
    )
    best_metric: MetricName = Field(
        "accuracy",
        description="The validation metric by which the best epoch is chosen when there is no early "
        "stopping; the model file holds that epoch.",
    )
    checkpoint_seconds: float = Field(
        60.0,
        gt=0,
        description="The state is saved when so much time has passed, and after each epoch, but where epochs "
        "are so short that it would take more than a twentieth of the time, and none is chosen on validation "
        "data.",
    )
    start_from: str | None = Field(
        None,
        description="A run folder or model file to start from: its features and labels keep what they "
        "learned, and stay also where the new data lacks them.",
    )


class RunSettings(Settings):
    """Everything a run is told: the whole config."""

    seed: int = Field(
        1, ge=0, lt=2**63, description="Decides every random choice: split, order, initial values."
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Threads to use; `null` for all cores. The result is the same.",
    )
    data: DataSettings = Field(description="Which files, and how to read them.")
    text: TextSettings = Field(TextSettings.defaults(), description="From text to tokens.")
    vocabulary: VocabularySettings = Field(
        VocabularySettings.defaults(), description="From tokens to rows of the embedding."
    )
    model: ModelSettings = Field(ModelSettings.defaults(), description="The layers.")
    training: TrainingSettings = Field(TrainingSettings.defaults(), description="The learning.")
    report: bool = Field(
        True,
        description="Whether training ends with `report.html`, a page on the test or validation data; it "
        "is left out where that would take more than a few seconds (`satchel report RUN` writes it).",
    )
    output: str | None = Field(
        None, description="The run folder; left out: `runs/` and the config file's name."
    )
