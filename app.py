"""The application, for ``python app.py``, ``flask --app app`` and WSGI servers."""

from portal.factory import create_app

app = create_app()

if __name__ == "__main__":
    app.run(port=app.extensions["settings"].port)
