"""The inbox in the browser: thin views over queues, reading, sending and conversations."""
