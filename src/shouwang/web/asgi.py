"""The ASGI application that Granian serves."""

from __future__ import annotations

import gc
import os
import warnings
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")
# Our static files are small and come from WhiteNoise's synchronous iterators; reading one whole is what is wanted.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
gc.disable()  # what is loaded stays: looking through it again and again is a sixth of the start
django = get_asgi_application()

from shouwang.checkins.intake import Application, Intake  # noqa: E402 (models can be imported only now)

application = Intake(cast("Application", django))
# Models, addresses and rules live as long as the process: no collection needs to walk through them.
gc.freeze()
gc.enable()
