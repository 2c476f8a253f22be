"""The pages of all rooms."""

from __future__ import annotations

from flask import Flask

from helpline import health
from helpline.advice.views import advice
from helpline.chat.after_views import after
from helpline.chat.kept_views import kept
from helpline.chat.visitor_views import visitor
from helpline.desk.campaign_views import campaigns
from helpline.desk.contact_views import by_hand
from helpline.desk.content_views import content
from helpline.desk.course_views import course
from helpline.desk.figures_views import figures_page
from helpline.desk.letter_views import inbox
from helpline.desk.release_views import releases
from helpline.desk.report_views import report
from helpline.desk.topic_views import topics
from helpline.desk.views import desk
from helpline.desk.wrap_up_views import wrap_up
from helpline.extensions import csrf
from helpline.front import around, arrivals
from helpline.front.return_views import returning
from helpline.front.views import public
from helpline.letters.views import letters
from helpline.selfhelp.code_views import selfhelp
from helpline.staff import views as staff_views


def register(app: Flask) -> None:
    """Mount them."""
    app.context_processor(around.words)
    arrivals.register(app)
    rooms = (public, visitor, after, kept, advice, selfhelp, letters, returning)
    console = (desk, inbox, content, course, figures_page, campaigns, topics, by_hand, report, releases, wrap_up)
    for room in (*rooms, *console, health.health):
        app.register_blueprint(room)
    staff_views.register(app)
    csrf.exempt(app.view_functions["public.quick_exit"])
