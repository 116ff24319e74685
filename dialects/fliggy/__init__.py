"""Fliggy, a travel platform: the order back-fill `alitrip.ship.order.notify` through TOP, sent and served."""
