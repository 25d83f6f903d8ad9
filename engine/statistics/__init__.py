"""The statistics of a run: what its output tables add up to, day by day and trade by trade.

`Report` is fed the tables of each segment in order and answers metrics and tables at the end. Any cut of
the run gives the same bits: floats are added one after another in the order of their rows, or exactly
(math.fsum) over the days; minima, maxima and integer sums do not depend on an order.
"""
