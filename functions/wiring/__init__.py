"""Use cases on AWS that more than one Lambda builds."""
