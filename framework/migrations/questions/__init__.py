"""Who answers the autodetector: what somebody said beforehand, or a person who is asked."""
