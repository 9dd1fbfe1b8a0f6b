"""What can end a run, and the exit code that says so to a shell, Dagster or Step Functions."""


class RawgError(Exception):
    """A reason to stop that a user can act on: one sentence, no key in it."""

    exit_code = 4


class ConfigurationError(RawgError):
    """A setting or an argument is missing or makes no sense."""

    exit_code = 2


class QuotaReached(RawgError):
    """The month's or the run's requests are used up; nothing is wrong."""

    exit_code = 3


class ApiRefused(RawgError):
    """RAWG answered, and asking again would not help (a bad key, an ignored filter, a wrong address)."""


class ApiUnavailable(RawgError):
    """RAWG stayed down through every retry."""


class Interrupted(RawgError):
    """Somebody pressed Ctrl-C or the container was told to stop."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("Stopped; what was loaded is kept, and the same command goes on from there.")


class LoadFailed(RawgError):
    """The lake or the warehouse did not take the data."""

    exit_code = 5
