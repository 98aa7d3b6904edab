"""The pacing engine: a published path, a calendar and a policy become dated study slots.

Callers import the functions from `portal.pacing.engine`, inputs from `portal.pacing.types`, and what comes out from
`portal.pacing.results`.
"""
