"""The servers compared, each in folders and on ports of its own.

A server is made for one run, in one of three modes:
  hold   accepts and keeps: nothing is attempted (sink is None)
  relay  accepts and hands on to one smarthost in plain TCP (sink is its port)
  route  accepts and brings siteN.test to 127.0.1.N, with STARTTLS where it is offered (sink is the port, sites how many)
"""

from .exim import Exim
from .haraka import Haraka
from .postfix import Postfix
from .posthaste import Posthaste

ALL = {server.name: server for server in (Posthaste, Postfix, Exim, Haraka)}
