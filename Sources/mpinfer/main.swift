print("mpinfer")
