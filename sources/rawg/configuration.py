"""Everything that can be set, read by dlt from the environment, `.dlt/config.toml` and `.dlt/secrets.toml`."""

import os
from datetime import date

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigValueCannotBeCoercedException
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from sources.rawg.errors import ConfigurationError

SECTIONS = ("sources", "rawg")
NO_KEY = (
    "No RAWG API key found: get one (free for non-commercial use) at https://rawg.io/apidocs and put it into .env as"
    " RAWG_API_KEY=..., or add --sandbox, which needs none."
)


@configspec
class GameSelection(BaseConfiguration):
    """Which games the per-game resources ask for."""

    minimum_added: int = 50
    limit: int = 200


@configspec
class RawgConfiguration(BaseConfiguration):
    """`[sources.rawg]`; each field is explained in `.dlt/config.toml`."""

    api_key: TSecretStrValue = None  # type: ignore[assignment]
    base_url: str = "https://api.rawg.io/api"
    requests_per_second: float = 4.0
    monthly_requests: int = 20_000
    initial_updated_date: str = "2000-01-01"
    lag_days: int = 2
    chunk_requests: int = 250
    request_timeout: float = 30.0
    retry_backoff: float = 1.0
    retry_attempts: int = 6
    game_selection: GameSelection = None  # type: ignore[assignment]

    @property
    def initial_day(self) -> date:
        return date.fromisoformat(self.initial_updated_date)


def rawg_configuration(**explicit: object) -> RawgConfiguration:
    """Resolves and checks the source's settings; `explicit` values win over configured ones.

    Raises:
        ConfigurationError: no key is set, or a value makes no sense.
    """
    if key := os.environ.get("RAWG_API_KEY"):
        explicit.setdefault("api_key", key)
    try:
        configuration = resolve_configuration(RawgConfiguration(), sections=SECTIONS, explicit_value=explicit)
    except ConfigFieldMissingException:
        raise ConfigurationError(NO_KEY) from None
    except ConfigValueCannotBeCoercedException as error:
        raise ConfigurationError(f"sources.rawg.{error.field_name} is not a {_type_name(error.hint)}.") from None
    _check(configuration)
    return configuration


def sandbox_settings(base_url: str) -> dict[str, object]:
    """Settings for the built-in look-alike: no need to spare it, unless the environment says so."""
    settings: dict[str, object] = {"api_key": "sandbox", "base_url": base_url}
    for name, value in (("requests_per_second", 1_000.0), ("monthly_requests", 1_000_000)):
        if f"SOURCES__RAWG__{name.upper()}" not in os.environ:
            settings[name] = value
    return settings


def _type_name(hint: object) -> str:
    return {int: "whole number", float: "number"}.get(hint, getattr(hint, "__name__", str(hint)))  # type: ignore[call-overload,no-any-return]


def _check(configuration: RawgConfiguration) -> None:
    positive = ("requests_per_second", "chunk_requests", "request_timeout", "retry_attempts")
    not_negative = ("monthly_requests", "lag_days", "retry_backoff")
    for name in (*positive, *not_negative):
        value = getattr(configuration, name)
        if value < 0 or (value == 0 and name in positive):
            raise ConfigurationError(f"sources.rawg.{name} is {value}; it must be greater than zero.")
    try:
        date.fromisoformat(configuration.initial_updated_date)
    except ValueError:
        raise ConfigurationError(
            f"sources.rawg.initial_updated_date is {configuration.initial_updated_date!r}; write it as YYYY-MM-DD."
        ) from None
    if not configuration.base_url.startswith(("http://", "https://")):
        raise ConfigurationError("sources.rawg.base_url must begin with http:// or https://.")
