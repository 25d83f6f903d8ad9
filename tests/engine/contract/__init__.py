"""The fill contract clause by clause, on a few hours a case, with the arithmetic in the comments.

Each case is one document with its candles and expectations. It is played twice: by the engine, and by the
plain reckoning of `tests.reckoning`, which so is checked against the same numbers before it is trusted with
generated markets.
"""
