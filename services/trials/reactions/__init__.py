"""What events make this service do: its own across streams, those of regulatory, missed deadlines."""
