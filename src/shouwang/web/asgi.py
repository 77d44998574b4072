"""The ASGI application that Granian serves."""

from __future__ import annotations

import os
import warnings
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")
# Our static files are small and come from WhiteNoise's synchronous iterators; reading one whole is what is wanted.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
django = get_asgi_application()

from shouwang.checkins.intake import Application, Intake  # noqa: E402 (models can be imported only now)

application = Intake(cast("Application", django))
