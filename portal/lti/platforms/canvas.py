"""Canvas: its cloud serves schools below instructure.com; a score is a submission unless it says otherwise.

https://developerdocs.instructure.com/services/canvas/file.all_resources/score and …/line_items
"""

from portal.lti.platforms.base import Capabilities

CANVAS = Capabilities(
    "canvas",
    "Canvas",
    service_hosts=frozenset({".instructure.com", "sso.canvaslms.com"}),
    progress_extras={"https://canvas.instructure.com/lti/submission": {"new_submission": False}},
    link_placements=("course_navigation",),
    content_placements=("assignment_selection", "link_selection"),
    line_item_type="https://canvas.instructure.com/lti/submission_type",
)
