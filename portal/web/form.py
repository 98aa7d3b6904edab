"""The base of every form."""

from flask_wtf import FlaskForm


# Flask-WTF ships no types, so that its form is Any to the type checker: said once here, instead of at each form.
class Form(FlaskForm):  # type: ignore[misc]  # the base is Any: Flask-WTF ships no types
    """A form protected against forgery (CSRF); the features' forms are its subclasses."""
