"""axe-core in the page: what WCAG 2.2 AA finds wrong."""

import pytest

from .daemon import ROOT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Scripts of the tests are not the page's: the page's policy does not hold for them.
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}}).then(
  (found) => done(found.violations.map((v) => v.id + ': ' + v.help + ' | ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.any[0] ? n.any[0].message : '')).join(' | '))),
  (error) => done(['axe failed: ' + error]));
"""


def source():
    """axe-core itself; skips where it was not fetched."""
    found = sorted((ROOT / "build" / "npm").glob("axe-core-*/axe.min.js"))
    if not found:
        pytest.skip("axe-core is not here: tools/fetch_axe.sh (it needs npm and the network)")
    return found[-1].read_text(encoding="utf-8")


def violations(browser):
    """One line for each rule that the page breaks."""
    browser.run(source())
    return browser.run_async(_RUN, RULES)
