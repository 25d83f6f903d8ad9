"""The words that an expression may use, for editors that complete and explain them."""

from collections.abc import Mapping
from typing import Any

from engine.functions import FUNCTIONS, PLAYBACK, SHORT_FORMS, SUBJECTS
from engine.names import FIELDS, STATES, TEXTS, TIMEFRAMES
from engine.tokens import KEYWORDS


def language() -> Mapping[str, Any]:  # JSON: its values are of every kind
    """Return the functions with their formulas, the names that need no brackets, and the words of texts."""
    return {
        "functions": [
            {
                "name": function.name,
                "signature": function.signature,
                "formula": function.formula,
                "subject": subject,
                "condition": function.is_condition,
            }
            for subject, functions in SUBJECTS.items()
            for function in functions
        ],
        "fields": [*FIELDS],
        "states": [*STATES],
        "texts": {name: [*words] for name, words in TEXTS.items()},
        "short_forms": sorted(SHORT_FORMS),
        "ready": {name: text for name, text in PLAYBACK.items() if name not in FUNCTIONS},
        "keywords": sorted(KEYWORDS),
        "timeframes": [*TIMEFRAMES],
    }
