"""The classroom portal: a learning path, built once, becomes a paced schedule for every student.

A modular monolith. Importing this package imports nothing. From the bottom up:

- ``errors``, ``clock``, ``config``, ``pacing``: no framework; the pacing engine is pure.
- ``models``: mapped classes, one file an aggregate. ``tenancy``: which organization's rows a unit of work may see.
- ``events``: outbox and audit rows. ``security``: who may do what. ``jobs``: how events become work on the queue.
- ``extensions``, ``embedded``, ``web``: Flask extensions, servers in ``instance/``, and the page shell.
- features, each with ``routes forms services queries jobs``: ``organizations accounts library curricula classes
  schedules assignments progress notifications calendars``.
- ``factory`` wires the application; ``cli`` is the ``portal`` command.

The order is checked by import-linter (see ``pyproject.toml``); ``docs/architecture.md`` draws it.
"""
