"""Which counts must stay untold so that none of the small ones can be worked out: secondary suppression.

What an attacker can know of a count is the interval of its values under all that was published: every sum, every bound of a rounded count, in
this and earlier publications. HiGHS finds it. Where it is narrower than it may be, one of the published counts that bound it is taken back,
the smallest, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array

from connectors.errors import TerminalError
from warehouse.publish.public.cells import SLACK

EXACT = 1e-6
POWER = 3


@dataclass
class System:
    """Variables by number: ``low`` and ``high`` hold whatever is shown now, ``shown_low`` and ``shown_high`` where ``is_shown``.

    ``is_secret``: counts of which no interval narrower than ``width`` may follow, whatever else is shown. ``equations``: their sums are zero.
    """

    truth: np.ndarray
    low: np.ndarray
    high: np.ndarray
    shown_low: np.ndarray
    shown_high: np.ndarray
    is_shown: np.ndarray
    is_secret: np.ndarray
    equations: csr_array
    width: float
    hidden: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        # How far each variable was found to reach; hiding more never makes that less.
        self.lowest, self.highest = self.truth, self.truth

    def narrow(self) -> np.ndarray:
        """The secrets that are not proved yet to be open by the width."""
        return np.flatnonzero(self.is_secret & (self.highest - self.lowest < self.width - EXACT))

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """What an attacker knows of each variable by itself."""
        return (
            np.where(self.is_shown, np.maximum(self.low, self.shown_low), self.low),
            np.where(self.is_shown, np.minimum(self.high, self.shown_high), self.high),
        )

    def hide_smallest(self, variables: np.ndarray) -> None:
        variable = int(variables[np.argmin(self.truth[variables])])
        self.is_shown[variable] = False
        self.is_secret[variable] = True
        self.hidden.append(variable)


def system(con: duckdb.DuckDBPyConnection, smallest: int) -> System:
    """The variables and equations that :func:`warehouse.publish.public.cells.complete` left in ``con``.

    What was told before is no secret any more and is told again.
    """
    found = con.execute(
        "SELECT CAST(n AS DOUBLE) AS truth, coalesce(low, '-inf'::DOUBLE) AS low, coalesce(high, 'inf'::DOUBLE) AS high, "
        "coalesce(CAST(value AS DOUBLE), -1) AS value, is_known, NOT is_rest OR n BETWEEN 0 AND ? - 1 AS is_private FROM variable ORDER BY id",
        [smallest],
    ).fetchnumpy()
    low, high, value, known = found["low"], found["high"], found["value"], found["is_known"]
    is_told = value >= 0
    shown_low, shown_high = np.maximum(value - SLACK, smallest), value + SLACK
    again = is_told & known
    terms = con.execute("SELECT id, unnest(variables) AS variable, unnest(signs) AS sign FROM equation").fetchnumpy()
    (count,) = con.execute("SELECT count(*) FROM equation").fetchone() or (0,)
    return System(
        truth=found["truth"],
        low=np.where(again, np.maximum(low, shown_low), low),
        high=np.where(again, np.minimum(high, shown_high), high),
        shown_low=shown_low,
        shown_high=shown_high,
        is_shown=is_told & ~known,
        is_secret=found["is_private"] & ~is_told & ~known,
        equations=csr_array(
            (terms["sign"].astype(float), (terms["id"], terms["variable"])), shape=(count, found["truth"].size)
        ),
        width=smallest - 1,
    )


def protect(system: System) -> bool:
    """Hide what has to be hidden; False if a secret follows from what was published earlier, whatever is hidden now."""
    _loosen_plain(system)
    # By a fixed seed: the same counts are hidden every time.
    chance = np.random.default_rng(0)
    while (narrow := system.narrow()).size:
        # A solution widens many intervals at once, so most are proved wide enough in a few. The weights differ widely: where not all can move
        # together, another moves next time. What is at its lowest can only rise.
        signs = np.where(system.lowest[narrow] <= system.low[narrow], 1, chance.choice((-1, 1), narrow.size))
        _stretch(system, narrow, signs * chance.random(narrow.size) ** POWER)
        if system.narrow().size == narrow.size and not _loosen(system, int(narrow[0])):
            return False
    return True


def _loosen_plain(system: System) -> None:
    """Hide what must be hidden because one sum after the other bounds a secret too narrowly: what can be seen without a solver."""
    equation, variable, sign = system.equations.tocoo().row, system.equations.tocoo().col, system.equations.tocoo().data
    while True:
        low, high = system.bounds()
        for _ in range(4):
            implied_low, implied_high = _implied(equation, variable, sign, low, high)
            np.maximum.at(low, variable, implied_low)
            np.minimum.at(high, variable, implied_high)
        is_narrow = system.is_secret & (high - low < system.width - EXACT)
        loosened: set[int] = set()
        for term in np.flatnonzero(is_narrow[variable] & (implied_high <= high[variable] + EXACT)):
            members = variable[equation == equation[term]]
            open_ = members[system.is_shown[members]]
            if open_.size and equation[term] not in loosened:
                system.hide_smallest(open_)
                loosened.add(equation[term])
        if not loosened:
            return


def _implied(
    equation: np.ndarray, variable: np.ndarray, sign: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds that each term's equation puts on its variable, from the bounds of the others."""

    def others(bound: np.ndarray) -> np.ndarray:
        unbounded = np.isinf(bound)
        finite = np.where(unbounded, 0, bound)
        sums, open_ = np.bincount(equation, finite), np.bincount(equation, unbounded)
        return np.where(open_[equation] - unbounded > 0, np.inf, -(sums[equation] - finite))

    below, above = (
        np.where(sign > 0, low[variable], -high[variable]),
        np.where(sign > 0, high[variable], -low[variable]),
    )
    most, least = others(below), -others(-above)
    return np.where(sign > 0, least, -most), np.where(sign > 0, most, -least)


def _loosen(system: System, variable: int) -> bool:
    """Hide the smallest count that bounds ``variable``, and so on, until its interval is wide enough; False if none of them can be hidden."""
    one = np.array([variable])
    while variable in system.narrow():
        found = [_stretch(system, one, np.array([sign])) for sign in (-1.0, 1.0)]
        if variable not in system.narrow():
            break
        force = sum(abs(part.marginals) for result in found for part in (result.lower, result.upper))
        open_ = np.flatnonzero((force > EXACT) & system.is_shown)
        if not open_.size:
            return False
        system.hide_smallest(open_)
    return True


def _stretch(system: System, wanted: np.ndarray, direction: np.ndarray) -> OptimizeResult:
    """Move the ``wanted`` variables in their ``direction`` as far as they can go together, no further off than the width."""
    low, high = system.bounds()
    low[wanted] = np.maximum(low[wanted], system.truth[wanted] - system.width)
    high[wanted] = np.minimum(high[wanted], system.truth[wanted] + system.width)
    cost = np.zeros(system.truth.size)
    cost[wanted] = -direction
    result = linprog(
        cost,
        A_eq=system.equations,
        b_eq=np.zeros(system.equations.shape[0]),
        bounds=np.column_stack([low, high]),
        method="highs",
    )
    if result.status != 0:
        raise TerminalError(f"public tables: no solution of their sums ({result.status}): suppression cannot be proved")
    system.lowest, system.highest = np.minimum(system.lowest, result.x), np.maximum(system.highest, result.x)
    return result
