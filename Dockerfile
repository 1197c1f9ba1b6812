# The production image: web, live, workers and clock run from it with different commands, see compose.yaml.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/runtime.txt /tmp/
RUN /venv/bin/pip install --require-hashes -r /tmp/runtime.txt

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 carillon \
    && install -d -o carillon -g carillon /media
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MEDIA_ROOT=/media
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# collectstatic needs settings, but none of these values: they last for this one command.
RUN SECRET_KEY=build DATABASE_URL=postgres://build/build FIELD_ENCRYPTION_KEYS=build \
    python manage.py collectstatic --noinput
USER carillon
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", \
     "--blocking-threads", "16", "--workers-kill-timeout", "25", "--respawn-failed-workers", "config.wsgi:application"]
