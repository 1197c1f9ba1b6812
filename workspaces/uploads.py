"""A bound on uploads, kept while they arrive: what is too large never reaches the disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

MOST_BYTES = 110 * 1024 * 1024  # above what any form takes (documents: 100 MB), so that the form can say its own limit
TOO_LARGE = "carillon.upload_too_large"  # in request.META: the name of the field whose file was dropped


class BoundedUpload(FileUploadHandler):
    """Drops a file that grows beyond the bound; the rest of the form arrives as usual."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the piece on to the handler that stores it. Raises SkipFile beyond the bound."""
        self._received += len(raw_data)
        if self._received > MOST_BYTES:
            if self.request is not None:
                self.request.META[TOO_LARGE] = self.field_name
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing is stored here."""
