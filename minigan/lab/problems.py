"""The errors that the lab explains to its user. Each has a kind, which the page reads."""


class LabError(Exception):
    """An error with a message for the page; `more` are further entries of the answer."""

    kind = "internal"

    def __init__(self, message, **more):
        super().__init__(message)
        self.more = more


class RequestError(LabError):
    """A call that does not exist, or an argument that it does not take."""

    kind = "request"


class SettingError(LabError):
    """A setting out of its range."""

    kind = "settings"

    def __init__(self, setting, message):
        super().__init__(message, setting=setting)


class UnavailableError(LabError):
    """Something that this computer does not have, such as MNIST's files."""

    kind = "unavailable"


class DivergedError(LabError):
    """A loss that is NaN or infinite."""

    kind = "nan"
