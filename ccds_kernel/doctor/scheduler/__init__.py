"""`ccds doctor --scheduler`: whether the site's scheduler does what the hub counts on."""
