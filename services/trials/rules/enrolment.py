"""What the planning of enrolment goes by: how small a count may be shown."""

# A count below it might single a person out. The number is that of usual disclosure control: design, no law.
SMALLEST_SHOWN = 5
