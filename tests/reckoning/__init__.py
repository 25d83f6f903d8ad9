"""A run reckoned in plain Python from docs/fills.md, without a line of the engine's arithmetic.

It is written to be read next to that page, not to be fast: objects, lists of bars, one loop over time. What
the rules say is given as plain truths and values, so that it needs no expression language either;
`tests.reckoning.documents` makes them from a strategy document whose rules are plain Python comparisons.
"""

from tests.reckoning.book import Block as Block
from tests.reckoning.book import Fill as Fill
from tests.reckoning.book import Result as Result
from tests.reckoning.book import Row as Row
from tests.reckoning.book import Trade as Trade
from tests.reckoning.run import reckon as reckon
from tests.reckoning.settings import Bar as Bar
from tests.reckoning.settings import Costs as Costs
from tests.reckoning.settings import Inputs as Inputs
from tests.reckoning.settings import Level as Level
from tests.reckoning.settings import Order as Order
from tests.reckoning.settings import Setup as Setup
from tests.reckoning.settings import Sizing as Sizing
from tests.reckoning.settings import Trigger as Trigger
from tests.reckoning.settings import View as View
