"""What differs between deployments: one value, checked when it is made, and the names that follow from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.run_limits import RunLimits, names_of_limits, variable

# Only this stage has no login: everything on it belongs to the owner `local`.
OPEN_STAGE = "local"
# Stages of this prefix are deployed to an emulator as well, but with a login.
TEST_PREFIX = "test-"

_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")


class StageError(ValueError):
    """A stage that must not be deployed as it was asked for."""


@dataclass(frozen=True, slots=True)
class OwnPool:
    """The stack makes a Cognito user pool of its own and trusts its tokens."""


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """The stack trusts the tokens of an OpenID Connect issuer that exists already."""

    url: str
    audience: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.url.startswith("https://"):
            raise StageError(
                f"the JWT issuer is {self.url!r}; give the https:// address that stands in its tokens, "
                "for example -c issuer=https://login.example.com"
            )
        if not self.audience or not all(self.audience):
            raise StageError(
                "an external JWT issuer needs the audience that its tokens are made out to (-c audience=ID): "
                "without one the tokens of every other application of that issuer would be let in"
            )


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment of Stepfold.

    Raises StageError for a name that AWS would refuse and for a stage that would stand open: every stage but
    `local` must have a login.
    """

    name: str
    login: OwnPool | ExternalIssuer | None
    origins: tuple[str, ...] = ()
    alarms: bool = True
    alarm_topic: str | None = None
    dashboard: bool = True
    # Traces of X-Ray; they cost by the request.
    tracing: bool = False
    # JSON: where exchanges are found in place of the real ones.
    exchange_urls: str = ""
    # What a run may take, where that is not what RunLimits says, by variable of the functions' environment.
    limits: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise StageError(
                f"{self.name!r} is no stage name; use 2 to 20 of a-z, 0-9 and -, starting with a letter"
            )
        if self.login is None and self.name != OPEN_STAGE:
            raise StageError(
                f"stage {self.name!r} has no JWT issuer: whoever finds its address could start runs. "
                "Leave `login` out for a Cognito user pool of the stack's own, or name an issuer: "
                "-c login=external -c issuer=https://… -c audience=CLIENT_ID"
            )
        if self.exchange_urls and not self.local:
            raise StageError(
                f"stage {self.name!r} would take its candles from {self.exchange_urls}: stand-ins of "
                "exchanges are for emulators. Leave `exchange_urls` out"
            )

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Stage:
        """Read the stage from the CDK context (`-c key=value`). Raises StageError."""
        name = _text(context, "stage") or "prod"
        return cls(
            name=name,
            login=_login(context, name),
            origins=_words(context, "origins") or (("*",) if is_local(name) else ()),
            alarms=_text(context, "alarms") != "false" and not is_local(name),
            alarm_topic=_text(context, "alarm_topic") or None,
            dashboard=_text(context, "dashboard") != "false",
            tracing=_text(context, "tracing") == "true",
            exchange_urls=_text(context, "exchange_urls"),
            limits=_limits(context),
        )

    @property
    def local(self) -> bool:
        """Whether the stage lives on an emulator and may be thrown away."""
        return is_local(self.name)

    @property
    def login_kind(self) -> str:
        """Return `-c login=…` as it was, or as it would have been: none, cognito or external."""
        match self.login:
            case None:
                return "none"
            case OwnPool():
                return "cognito"
            case ExternalIssuer():
                return "external"

    @property
    def stack_name(self) -> str:
        return f"stepfold-{self.name}"

    @property
    def table_name(self) -> str:
        return f"stepfold-{self.name}-index"

    @property
    def backtest_machine_name(self) -> str:
        return f"stepfold-{self.name}-backtest"

    @property
    def import_machine_name(self) -> str:
        return f"stepfold-{self.name}-import"

    @property
    def fetch_machine_name(self) -> str:
        return f"stepfold-{self.name}-fetch"

    def bucket_name(self, account: str) -> str:
        """Return the bucket's name; the account is in it because bucket names are unique in the world."""
        return f"stepfold-{self.name}-{account}"

    def website_bucket_name(self, account: str) -> str:
        return f"stepfold-{self.name}-website-{account}"

    def function_name(self, function: str) -> str:
        return f"stepfold-{self.name}-{function}"


def is_local(stage: str) -> bool:
    return stage == OPEN_STAGE or stage.startswith(TEST_PREFIX)


def _login(context: Mapping[str, object], name: str) -> OwnPool | ExternalIssuer | None:
    kind = _text(context, "login") or ("none" if name == OPEN_STAGE else "cognito")
    match kind:
        case "none":
            return None
        case "cognito":
            return OwnPool()
        case "external":
            return ExternalIssuer(_text(context, "issuer"), _words(context, "audience"))
    raise StageError(f"login is {kind!r}; choose cognito, external or (for the stage local alone) none")


def _limits(context: Mapping[str, object]) -> dict[str, str]:
    given = {variable(name): text for name in names_of_limits() if (text := _text(context, name))}
    try:
        RunLimits.from_environment(given)
    except ValueError as error:
        raise StageError(f"{error}; for example -c max_bars=50000000") from error
    return given


def _text(context: Mapping[str, object], key: str) -> str:
    value = context.get(key)
    return "" if value is None else str(value).strip()


def _words(context: Mapping[str, object], key: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _text(context, key).split(",") if word.strip())
