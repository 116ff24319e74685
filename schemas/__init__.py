"""The words every process shares: raw event, canonical events, order, ticket, void case, callback, outcomes, topics."""
