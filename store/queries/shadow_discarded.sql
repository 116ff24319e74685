SELECT topic, partition, "offset" FROM {live}.parked WHERE state = 'discarded' AND topic = ANY ($1::text[])
