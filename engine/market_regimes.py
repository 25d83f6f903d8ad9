"""Named periods of the crypto market, to see how a strategy fares where the market had a character.

The dates are UTC days, both included, of Bitcoin's price as the large exchanges printed it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Regime:
    id: str
    title: str
    start: str
    """First day, yyyy-mm-dd."""
    end: str
    """Last day, included."""
    why: str


def regimes() -> tuple[Regime, ...]:
    """Return the named periods, by their first day."""
    return _REGIMES


_REGIMES = (
    Regime(
        "covid_crash_2020",
        "Covid crash",
        "2020-02-13",
        "2020-03-13",
        "A slide from above 10,000 that ended in a fall by half within a day, on 12 and 13 March.",
    ),
    Regime(
        "bull_2020_2021",
        "Bull market of 2020 and 2021",
        "2020-10-01",
        "2021-04-14",
        "Half a year from under 11,000 to 64,854, the high of the day on which Coinbase was listed.",
    ),
    Regime(
        "china_ban_2021",
        "China's ban on mining",
        "2021-05-12",
        "2021-07-20",
        "From 57,000 to under 30,000: Tesla stops taking bitcoin, China closes its mines; 19 May crashes.",
    ),
    Regime(
        "rally_2021",
        "Rally of 2021",
        "2021-07-21",
        "2021-11-10",
        "A steady climb from 29,500 to 69,000, with one sharp break on 7 September.",
    ),
    Regime(
        "bear_2022",
        "Bear market of 2022",
        "2021-11-11",
        "2022-11-21",
        "A year of falling highs from 65,000 to 15,476; what only buys loses here, or stands aside.",
    ),
    Regime(
        "luna_collapse_2022",
        "Collapse of Terra and Luna",
        "2022-05-05",
        "2022-06-18",
        "TerraUSD loses its peg on 9 May, Celsius stops paying out on 12 June; from 39,700 to 17,622.",
    ),
    Regime(
        "ftx_collapse_2022",
        "Collapse of FTX",
        "2022-11-06",
        "2022-11-21",
        "From the run on FTX's token over the bankruptcy of 11 November to the low of the cycle at 15,476.",
    ),
    Regime(
        "recovery_2023",
        "Recovery of 2023",
        "2023-01-01",
        "2023-07-13",
        "From 16,500 to 31,804 in steps, through the bank failures of March and the suits of June.",
    ),
    Regime(
        "quiet_summer_2023",
        "Quiet summer of 2023",
        "2023-07-14",
        "2023-10-15",
        "Three months of little movement between 25,000 and 31,600: breakouts fail and fees add up.",
    ),
    Regime(
        "etf_rally_2024",
        "Rally on the spot ETFs",
        "2023-10-16",
        "2024-03-14",
        "From 27,000 to above 73,000: hope for spot ETFs, their approval on 10 January, their first inflows.",
    ),
)
