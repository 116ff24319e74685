INSERT INTO callbacks (callback_id, endpoint_id, order_id, event_id, sequence, state, trigger)
VALUES ($1, $2, $3, $4, 1, 'pending', 'test')
