//! ODE and SDE step rules; Butcher tableaus as data.
