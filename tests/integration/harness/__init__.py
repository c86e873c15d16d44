"""What the integration tests stand on: the daemon, its peers, hostile clients and servers, deadlines instead of sleeps."""
