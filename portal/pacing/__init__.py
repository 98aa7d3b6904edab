"""The pacing engine: a published path, a calendar and a policy become dated study slots.

Callers import ``plan``, ``plan_many`` and ``diagnose`` from `portal.pacing.engine`, values from `portal.pacing.types`.
"""
