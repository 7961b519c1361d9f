"""Run by sdk_test.py with the official Python client, unchanged: python_client.py BASE_URL BASE_MODEL TRAINING_FILE
DIRECT_URL. DIRECT_URL is the server without the proxy, for the calls that sdk_test.py lists.
Every assertion is about what the client gives its user."""

import sys
import time

import openai
from openai import OpenAI

base_url, base_model, training_file, direct_url = sys.argv[1:5]
client = OpenAI(base_url=base_url, api_key="none", max_retries=0)
direct = OpenAI(base_url=direct_url, api_key="none", max_retries=0)


def raises(kind, call, **checks):
    try:
        call()
    except kind as error:
        for name, value in checks.items():
            assert getattr(error, name) == value, (name, getattr(error, name))
        return
    raise AssertionError(f"{kind.__name__} was not raised")


# Files, from the disk and back.
with open(training_file, "rb") as file:
    uploaded = client.files.create(file=file, purpose="fine-tune")
assert client.files.wait_for_processing(uploaded.id).status == "processed"
assert direct.files.content(uploaded.id).read() == open(training_file, "rb").read()
assert uploaded.id in [entry.id for entry in client.files.list(limit=1)]
in_parts = client.uploads.upload_file_chunked(file=training_file, mime_type="text/jsonl", purpose="fine-tune",
                                              part_size=700)
assert in_parts.status == "completed" and in_parts.file.bytes == uploaded.bytes

# A job to its end.
job = client.fine_tuning.jobs.create(
    model=base_model, training_file=uploaded.id, validation_file=in_parts.file.id, suffix="sdk", seed=3,
    method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1, "batch_size": "auto"}}},
    metadata={"suite": "python"})
while job.status not in ("succeeded", "failed", "cancelled"):
    time.sleep(0.3)
    job = client.fine_tuning.jobs.retrieve(job.id)
assert job.status == "succeeded", job.error
assert job.fine_tuned_model.startswith(f"ft:{base_model}:local:sdk:") and job.trained_tokens > 0
assert job.hyperparameters.n_epochs == 1

# The client pages by itself.
events = list(client.fine_tuning.jobs.list_events(job.id, limit=2))
assert events[0].message == "The job has successfully completed", events[0].message
assert events[-1].message.startswith("Created fine-tuning job") and len(events) == len({e.id for e in events}) > 4
checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id))
assert checkpoints[0].step_number > 0 and checkpoints[0].metrics.full_valid_loss > 0
assert job.id in [entry.id for entry in client.fine_tuning.jobs.list(limit=1)]

# The user's three lines.
answer = client.chat.completions.create(model=job.fine_tuned_model, messages=[{"role": "user", "content": "ship 3?"}],
                                        max_completion_tokens=8)
assert answer.choices[0].message.content and answer.usage.completion_tokens <= 8
print(answer.choices[0].message.content)

stream = direct.chat.completions.create(model=job.fine_tuned_model, messages=[{"role": "user", "content": "ship 3?"}],
                                        temperature=0, max_tokens=8, stream=True,
                                        stream_options={"include_usage": True})
chunks = list(stream)
streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
whole = client.chat.completions.create(model=job.fine_tuned_model, messages=[{"role": "user", "content": "ship 3?"}],
                                       temperature=0, max_tokens=8)
assert streamed == whole.choices[0].message.content
assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
text = client.completions.create(model=base_model, prompt="Once upon a", max_tokens=4)
assert text.object == "text_completion" and text.choices[0].finish_reason in ("length", "stop")

# Models.
assert job.fine_tuned_model in [model.id for model in client.models.list()]
assert client.models.retrieve(checkpoints[0].fine_tuned_model_checkpoint).owned_by == "local"
assert client.models.delete(job.fine_tuned_model).deleted

# Errors are the client's own classes.
raises(openai.NotFoundError, lambda: client.models.retrieve("nobody"), status_code=404, code="model_not_found")
raises(openai.NotFoundError, lambda: client.files.retrieve("file-no"))
raises(openai.BadRequestError, lambda: client.chat.completions.create(model=base_model, messages=[]),
       param="messages", code="empty_array")
raises(openai.BadRequestError, lambda: client.fine_tuning.jobs.create(model="gpt-4o", training_file=uploaded.id),
       code="model_not_available")
raises(openai.PermissionDeniedError, lambda: direct.models.list(extra_headers={"Origin": "https://evil.example"}))

# Cancelled, paused, resumed.
waiting = client.fine_tuning.jobs.create(model=base_model, training_file=uploaded.id, hyperparameters={"n_epochs": 50})
direct.fine_tuning.jobs.pause(waiting.id)
while direct.fine_tuning.jobs.retrieve(waiting.id).status != "paused":
    time.sleep(0.2)
client.fine_tuning.jobs.resume(waiting.id)
client.fine_tuning.jobs.cancel(waiting.id)
while client.fine_tuning.jobs.retrieve(waiting.id).status != "cancelled":
    time.sleep(0.2)
raises(openai.BadRequestError, lambda: client.fine_tuning.jobs.cancel(waiting.id), code="invalid_job_status")
assert client.files.delete(uploaded.id).deleted
print("all well")
