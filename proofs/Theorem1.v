(** * Theorem 1 for one trajectory, in its own words

    Gradient descent x_{k+1} = x_k - eta grad f(x_k), with the derivatives of f themselves, near a minimizer whose
    Hessian A has simple ends lambda_1 and lambda_n. If at one step the amplitude exceeds the tail, then the direction of
    x_k - x* tends to plus or minus v_1 where eta < 2/(lambda_1 + lambda_n), and alternates between v_n and -v_n where
    2/(lambda_1 + lambda_n) < eta < 2/lambda_n. On the boundary even and odd steps have two limits. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude Symmetric Eigenvector.
Open Scope R_scope.

(** x with its i-th entry replaced. *)
Definition replace_entry (x : vector) (i : nat) (t : R) : vector := fun j => if Nat.eqb j i then t else x j.
Definition partial (f : vector -> R) (i : nat) (x : vector) : R := Derive (fun t => f (replace_entry x i t)) (x i).

Fixpoint gradient_descent (f : vector -> R) (eta : R) (start : vector) (k : nat) : vector :=
  match k with
  | O => start
  | S j => let x := gradient_descent f eta start j in fun i => x i - eta * partial f i x
  end.

(** The ends of the spectrum are simple: everything orthogonal to v_1 has a form of at least c_1 > lambda_1, and
    everything orthogonal to v_n one of at most c_n < lambda_n. *)
Record simple_ends (n : nat) (A : matrix) (lambda_1 c_1 : R) (v_1 : vector) (lambda_n c_n : R) (v_n : vector) : Prop := {
  hessian_symmetric : symmetric n A;
  lowest_unit : dot n v_1 v_1 = 1;
  lowest_eigenvector : same n (apply n A v_1) (scale lambda_1 v_1);
  lowest_positive : 0 < lambda_1;
  lowest_simple : lambda_1 < c_1;
  lowest_gap : forall x, dot n v_1 x = 0 -> c_1 * dot n x x <= form n A x;
  highest_unit : dot n v_n v_n = 1;
  highest_eigenvector : same n (apply n A v_n) (scale lambda_n v_n);
  highest_simple : c_n < lambda_n;
  highest_gap : forall x, dot n v_n x = 0 -> form n A x <= c_n * dot n x x;
  ends_distinct : lambda_1 < lambda_n
}.

(** The matrix of the linear part of gradient descent. *)
Definition multiplier_matrix (eta : R) (A : matrix) : matrix :=
  fun i => combination 1 (fun j => if Nat.eqb i j then 1 else 0) (- eta) (A i).

Lemma apply_multiplier n eta A x : same n (apply n (multiplier_matrix eta A) x) (combination 1 x (- eta) (apply n A x)).
Proof.
  intros i Hi. unfold apply, multiplier_matrix. rewrite dot_combination_l, dot_unit by exact Hi.
  unfold combination. ring.
Qed.

Lemma symmetric_multiplier n eta A : symmetric n A -> symmetric n (multiplier_matrix eta A).
Proof.
  intros H i j Hi Hj. unfold multiplier_matrix, combination. rewrite (H i j Hi Hj), (Nat.eqb_sym i j). reflexivity.
Qed.

Lemma form_multiplier n eta A x : form n (multiplier_matrix eta A) x = dot n x x - eta * form n A x.
Proof.
  unfold form. rewrite (dot_same n x x _ _ (fun i _ => eq_refl) (apply_multiplier n eta A x)).
  rewrite dot_combination_r. ring.
Qed.

Section Ends.
Variables (n : nat) (A : matrix) (lambda_1 c_1 : R) (v_1 : vector) (lambda_n c_n : R) (v_n : vector) (eta : R).
Hypothesis ends : simple_ends n A lambda_1 c_1 v_1 lambda_n c_n v_n.
Hypothesis eta_positive : 0 < eta.
Let B := multiplier_matrix eta A.

Lemma B_symmetric : symmetric n B.
Proof. apply symmetric_multiplier, (hessian_symmetric _ _ _ _ _ _ _ _ ends). Qed.

Lemma eigenvector_form v lambda : dot n v v = 1 -> same n (apply n A v) (scale lambda v) -> form n A v = lambda.
Proof.
  intros U E. unfold form. rewrite (dot_same n v v _ _ (fun i _ => eq_refl) E), dot_scale_r, U. ring.
Qed.

(** x = <v, x> v + u splits the form. *)
Lemma form_split v lambda x : dot n v v = 1 -> same n (apply n A v) (scale lambda v) ->
  let u := combination 1 x (- dot n v x) v in
  dot n v u = 0 /\ form n A x = lambda * (dot n v x * dot n v x) + form n A u
  /\ dot n x x = dot n v x * dot n v x + dot n u u.
Proof.
  intros U E u. set (a := dot n v x).
  assert (V : dot n v (apply n A x) = lambda * a).
  { rewrite <- (symmetric_form n A (hessian_symmetric _ _ _ _ _ _ _ _ ends)).
    rewrite (dot_same n _ _ x x E (fun i _ => eq_refl)), dot_scale_l. reflexivity. }
  split; [|split]; unfold u.
  - rewrite dot_combination_r, U. unfold a. ring.
  - rewrite form_combination by exact (hessian_symmetric _ _ _ _ _ _ _ _ ends).
    rewrite V, (eigenvector_form v lambda U E). unfold a. ring.
  - expand_dots. rewrite U, (dot_commutes n x v). unfold a. ring.
Qed.

Lemma form_between x : lambda_1 * dot n x x <= form n A x <= lambda_n * dot n x x.
Proof.
  pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D]. split.
  - destruct (form_split v_1 lambda_1 x U1 E1) as (Z & F & X). rewrite F, X.
    set (u := combination 1 x (- dot n v_1 x) v_1) in *. assert (H := G1 u Z). assert (N := dot_self_nonneg n u).
    assert (lambda_1 * dot n u u <= c_1 * dot n u u) by (apply Rmult_le_compat_r; lra). lra.
  - destruct (form_split v_n lambda_n x Un En) as (Z & F & X). rewrite F, X.
    set (u := combination 1 x (- dot n v_n x) v_n) in *. assert (H := Gn u Z). assert (N := dot_self_nonneg n u).
    assert (c_n * dot n u u <= lambda_n * dot n u u) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma ends_orthogonal : dot n v_1 v_n = 0.
Proof.
  pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D].
  assert (H := symmetric_form n A HA v_1 v_n).
  rewrite (dot_same n _ _ v_n v_n E1 (fun i _ => eq_refl)), (dot_same n v_1 v_1 _ _ (fun i _ => eq_refl) En) in H.
  rewrite dot_scale_l, dot_scale_r in H.
  apply Rmult_eq_reg_l with (lambda_n - lambda_1); lra.
Qed.

Lemma c_1_at_most : c_1 <= lambda_n.
Proof.
  pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D].
  assert (H := G1 v_n ends_orthogonal). rewrite Un, (eigenvector_form v_n lambda_n Un En) in H. lra.
Qed.

Lemma c_n_at_least : lambda_1 <= c_n.
Proof.
  pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D].
  assert (H := ends_orthogonal). rewrite dot_commutes in H.
  assert (G := Gn v_1 H). rewrite U1, (eigenvector_form v_1 lambda_1 U1 E1) in G. lra.
Qed.

Lemma multiplier_eigenvector v lambda : same n (apply n A v) (scale lambda v) ->
  same n (apply n B v) (scale (1 - eta * lambda) v).
Proof.
  intros E i Hi. unfold B. rewrite (apply_multiplier n eta A v i Hi). unfold combination. rewrite (E i Hi). unfold scale. ring.
Qed.

(** Orthogonal to an eigenvector stays so. *)
Lemma orthogonal_invariant v mu x : same n (apply n B v) (scale mu v) -> dot n v x = 0 -> dot n v (apply n B x) = 0.
Proof.
  intros E Z. rewrite <- (symmetric_form n B B_symmetric), (dot_same n _ _ x x E (fun i _ => eq_refl)).
  rewrite dot_scale_l, Z. ring.
Qed.

(** The largest of the other multipliers. *)
Definition b_small : R := Rmax (1 - eta * c_1) (eta * lambda_n - 1).
Definition b_large : R := Rmax (eta * c_n - 1) (1 - eta * lambda_1).
Definition b_boundary : R := Rmax (1 - eta * c_1) (eta * c_n - 1).

Lemma small_step_dominates : eta * (lambda_1 + lambda_n) < 2 ->
  0 < 1 - eta * lambda_1 /\ 0 <= b_small < 1 - eta * lambda_1 /\
  forall z, dot n v_1 z = 0 -> norm n (apply n B z) <= b_small * norm n z.
Proof.
  intros Small. pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D]. assert (C := c_1_at_most).
  assert (eta * lambda_1 < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (eta * lambda_1 < eta * c_1) by (apply Rmult_lt_compat_l; lra).
  assert (eta * c_1 <= eta * lambda_n) by (apply Rmult_le_compat_l; lra).
  assert (M1 := Rmax_l (1 - eta * c_1) (eta * lambda_n - 1)).
  assert (M2 := Rmax_r (1 - eta * c_1) (eta * lambda_n - 1)). fold b_small in M1, M2.
  assert (b_small < 1 - eta * lambda_1) by (apply Rmax_lub_lt; lra).
  split; [lra|]. split; [lra|].
  intros z Hz. apply form_bounds_norm with (V := fun x => dot n v_1 x = 0); auto using B_symmetric; [lra| | |].
  - intros x Hx. apply orthogonal_invariant with (1 - eta * lambda_1); auto. apply multiplier_eigenvector, E1.
  - intros a x c y Hx Hy. rewrite dot_combination_r, Hx, Hy. ring.
  - intros x Hx. unfold B. rewrite form_multiplier. assert (L := G1 x Hx). assert (F := form_between x).
    assert (N := dot_self_nonneg n x). split.
    + assert (eta * form n A x <= eta * (lambda_n * dot n x x)) by (apply Rmult_le_compat_l; lra).
      assert ((eta * lambda_n - 1) * dot n x x <= b_small * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
    + assert (eta * (c_1 * dot n x x) <= eta * form n A x) by (apply Rmult_le_compat_l; lra).
      assert ((1 - eta * c_1) * dot n x x <= b_small * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma large_step_dominates : 2 < eta * (lambda_1 + lambda_n) -> eta * lambda_n < 2 ->
  1 - eta * lambda_n < 0 /\ 0 <= b_large < - (1 - eta * lambda_n) /\
  forall z, dot n v_n z = 0 -> norm n (apply n B z) <= b_large * norm n z.
Proof.
  intros Large Stable. pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D]. assert (C := c_n_at_least).
  assert (eta * lambda_1 < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (eta * c_n < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (eta * lambda_1 <= eta * c_n) by (apply Rmult_le_compat_l; lra).
  assert (M1 := Rmax_l (eta * c_n - 1) (1 - eta * lambda_1)).
  assert (M2 := Rmax_r (eta * c_n - 1) (1 - eta * lambda_1)). fold b_large in M1, M2.
  assert (b_large < eta * lambda_n - 1) by (apply Rmax_lub_lt; lra).
  split; [lra|]. split; [lra|].
  intros z Hz. apply form_bounds_norm with (V := fun x => dot n v_n x = 0); auto using B_symmetric; [lra| | |].
  - intros x Hx. apply orthogonal_invariant with (1 - eta * lambda_n); auto. apply multiplier_eigenvector, En.
  - intros a x c y Hx Hy. rewrite dot_combination_r, Hx, Hy. ring.
  - intros x Hx. unfold B. rewrite form_multiplier. assert (L := Gn x Hx). assert (F := form_between x).
    assert (N := dot_self_nonneg n x). split.
    + assert (eta * form n A x <= eta * (c_n * dot n x x)) by (apply Rmult_le_compat_l; lra).
      assert ((eta * c_n - 1) * dot n x x <= b_large * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
    + assert (eta * (lambda_1 * dot n x x) <= eta * form n A x) by (apply Rmult_le_compat_l; lra).
      assert ((1 - eta * lambda_1) * dot n x x <= b_large * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma boundary_dominates : eta * (lambda_1 + lambda_n) = 2 ->
  let rho := 1 - eta * lambda_1 in
  0 < rho /\ 1 - eta * lambda_n = - rho /\ b_boundary < rho /\
  forall b, 0 <= b -> b_boundary <= b ->
  forall z, dot n v_1 z = 0 -> dot n v_n z = 0 -> norm n (apply n B z) <= b * norm n z.
Proof.
  intros Boundary rho. pose proof ends as [HA U1 E1 P1 S1 G1 Un En Sn Gn D].
  assert (eta * lambda_1 < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (eta * lambda_1 < eta * c_1) by (apply Rmult_lt_compat_l; lra).
  assert (eta * c_n < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
  assert (M1 := Rmax_l (1 - eta * c_1) (eta * c_n - 1)).
  assert (M2 := Rmax_r (1 - eta * c_1) (eta * c_n - 1)). fold b_boundary in M1, M2.
  split; [unfold rho; lra|]. split; [unfold rho; lra|].
  split; [apply Rmax_lub_lt; unfold rho; lra|].
  intros b Hb0 Hb z Hz1 Hzn.
  apply form_bounds_norm with (V := fun x => dot n v_1 x = 0 /\ dot n v_n x = 0); auto using B_symmetric.
  - intros x [Hx1 Hxn]. split; [apply orthogonal_invariant with (1 - eta * lambda_1)|apply orthogonal_invariant with (1 - eta * lambda_n)];
      auto; apply multiplier_eigenvector; assumption.
  - intros a x c y [Hx1 Hxn] [Hy1 Hyn]. rewrite !dot_combination_r, Hx1, Hy1, Hxn, Hyn. split; ring.
  - intros x [Hx1 Hxn]. unfold B. rewrite form_multiplier. assert (L := G1 x Hx1). assert (L' := Gn x Hxn).
    assert (N := dot_self_nonneg n x). split.
    + assert (eta * form n A x <= eta * (c_n * dot n x x)) by (apply Rmult_le_compat_l; lra).
      assert ((eta * c_n - 1) * dot n x x <= b * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
    + assert (eta * (c_1 * dot n x x) <= eta * form n A x) by (apply Rmult_le_compat_l; lra).
      assert ((1 - eta * c_1) * dot n x x <= b * dot n x x) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** ** The trajectory *)
Variables (f : vector -> R) (minimizer start : vector) (C r : R) (step : nat).
Let x := gradient_descent f eta start.
Let h (k : nat) := difference (x k) minimizer.
(** What the gradient at m + h has beyond A h, times -eta. *)
Let g (k : nat) : vector := fun i => - eta * (partial f i (x k) - apply n A (h k) i).

Hypothesis C_nonnegative : 0 <= C.
Hypothesis starts_within : norm n (h step) <= r.
(** Lemma 1 of the paper, along the trajectory: the remainder is of second order on the ball of radius r. *)
Hypothesis remainder_bound : forall k, norm n (h k) <= r -> norm n (g k) <= C * norm n (h k) ^ 2.

Lemma descent_step k : same n (h (S k)) (combination 1 (apply n B (h k)) 1 (g k)).
Proof.
  intros i Hi. unfold combination at 1. unfold B. rewrite (apply_multiplier n eta A (h k) i Hi).
  unfold g, h, x, combination, difference. cbn [gradient_descent]. ring.
Qed.

Lemma rate_to_zero rho b D : 0 <= b < rho -> rho < 1 -> is_lim_seq (fun k => D * ((1 + INR k) * rate rho b ^ k)) 0.
Proof.
  intros Hb Hrho. replace (Finite 0) with (Rbar_mult D 0) by (simpl; f_equal; ring).
  apply is_lim_seq_scal_l, linear_times_pow_to_zero. unfold rate.
  assert (b / rho < 1) by (apply Rlt_div_l; lra).
  assert (M := Rmax_r (b / rho) rho). assert (Rmax (b / rho) rho < 1) by (apply Rmax_lub_lt; lra). lra.
Qed.

(** What is claimed of the trajectory: it tends to the minimizer without reaching it, and its direction tends to
    [limit], after a change of sign at every step if [alternating]. The rate is counted from the step of the
    inequality. *)
Definition turn (alternating : bool) (k : nat) : R := if alternating then (-1) ^ k else 1.
Definition direction_claim (alternating : bool) (rho b : R) (limit : vector) : Prop :=
  is_lim_seq (fun k => norm n (h k)) 0 /\
  (exists k0, forall k, (k0 <= k)%nat -> 0 < norm n (h k)) /\
  tends_to n (fun k => scale (turn alternating k) (direction n (h k))) limit /\
  exists D, forall k, norm n (difference (scale (turn alternating (k + step)) (direction n (h (k + step)%nat))) limit)
                      <= D * ((1 + INR k) * rate rho b ^ k).

Lemma turn_squared alternating k : turn alternating k * turn alternating k = 1.
Proof.
  destruct alternating; simpl; [|ring]. rewrite <- Rpow_mult_distr. replace (-1 * -1) with 1 by ring. apply pow1.
Qed.

Lemma turn_modulus alternating k : Rabs (turn alternating k) = 1.
Proof.
  destruct alternating; simpl; [|apply Rabs_R1]. rewrite <- RPow_abs, Rabs_left by lra.
  replace (- -1) with 1 by ring. apply pow1.
Qed.

Lemma turn_plus alternating j k : turn alternating (j + k) = turn alternating j * turn alternating k.
Proof. destruct alternating; simpl; [apply pow_add|ring]. Qed.

(** The common part of both regimes. *)
Lemma line_claim (alternating : bool) (v : vector) (mu b : R) :
  dot n v v = 1 -> same n (apply n B v) (scale mu v) ->
  (forall z, dot n v z = 0 -> norm n (apply n B z) <= b * norm n z) ->
  mu = turn alternating 1 * Rabs mu -> 0 < Rabs mu -> 0 <= b < Rabs mu ->
  sigma_of (Rabs mu) C r < 1 -> x_of (Rabs mu) C r <= 1 -> tail (Rabs mu) C r < Rabs (dot n v (h step)) ->
  direction_claim alternating (Rabs mu) b (scale (turn alternating step * sign (dot n v (h step))) v).
Proof.
  assert (Bs := B_symmetric). intros Unit Eigen Across Sign Hrho Hb Hsigma Hx Ht.
  assert (Hr : 0 <= r) by (eapply Rle_trans; [apply norm_nonneg|exact starts_within]).
  assert (rho1 : Rabs mu < 1).
  { assert (0 <= C * r) by (apply Rmult_le_pos; auto). unfold sigma_of in Hsigma. lra. }
  destruct (line_direction n B v mu b C r (fun k => h (k + step)%nat) (fun k => g (k + step)%nat))
    as ((D & Rate) & (k0 & Eventually) & Zero); auto.
  { intros k. apply (descent_step (k + step)). }
  assert (Ratio : mu / Rabs mu = turn alternating 1) by (rewrite Sign at 1; field; lra).
  set (limit := scale (turn alternating step * sign (dot n v (h step))) v).
  assert (Claim : forall k, norm n (difference (scale (turn alternating (k + step)) (direction n (h (k + step)%nat))) limit)
                            <= D * ((1 + INR k) * rate (Rabs mu) b ^ k)).
  { intros k. eapply Rle_trans; [|apply (Rate k)]. right. cbv beta. rewrite Ratio.
    rewrite (norm_same n _ (scale (turn alternating (k + step))
      (difference (direction n (h (k + step)%nat)) (scale (turn alternating 1 ^ k * sign (dot n v (h step))) v)))).
    - rewrite norm_scale, turn_modulus, Rmult_1_l. reflexivity.
    - assert (P : turn alternating 1 ^ k = turn alternating k).
      { destruct alternating; simpl; [f_equal; ring|apply pow1]. }
      rewrite P. intros i _. unfold limit, difference, scale.
      rewrite Rmult_minus_distr_l. f_equal. rewrite (turn_plus alternating k step).
      replace (turn alternating k * turn alternating step * (turn alternating k * sign (dot n v (h step)) * v i))
        with (turn alternating k * turn alternating k * (turn alternating step * sign (dot n v (h step)) * v i)) by ring.
      rewrite turn_squared. ring. }
  split; [apply (is_lim_seq_incr_n _ step); exact Zero|]. split.
  { exists (k0 + step)%nat. intros k Hk. replace k with ((k - step) + step)%nat by lia. apply Eventually. lia. }
  split; [|exists D; exact Claim].
  unfold tends_to. apply (is_lim_seq_incr_n _ step).
  apply (tends_to_squeeze n (fun k => scale (turn alternating (k + step)) (direction n (h (k + step)%nat)))) with
    (bound := fun k => D * ((1 + INR k) * rate (Rabs mu) b ^ k)); [exact Claim|].
  apply rate_to_zero; lra.
Qed.

Theorem small_step :
  eta * (lambda_1 + lambda_n) < 2 ->
  let rho := 1 - eta * lambda_1 in
  sigma_of rho C r < 1 -> x_of rho C r <= 1 -> tail rho C r < Rabs (dot n v_1 (h step)) ->
  direction_claim false rho b_small (scale (sign (dot n v_1 (h step))) v_1).
Proof.
  intros Small rho Hsigma Hx Ht. destruct (small_step_dominates Small) as (Hrho & Hb & Across).
  assert (Modulus : Rabs (1 - eta * lambda_1) = rho) by (unfold rho; apply Rabs_pos_eq; lra).
  assert (H := line_claim false v_1 (1 - eta * lambda_1) b_small).
  rewrite Modulus in H. simpl turn in H. rewrite !Rmult_1_l in H. apply H; auto; try (unfold rho; lra).
  - apply (lowest_unit _ _ _ _ _ _ _ _ ends).
  - apply multiplier_eigenvector, (lowest_eigenvector _ _ _ _ _ _ _ _ ends).
Qed.

Theorem large_step :
  2 < eta * (lambda_1 + lambda_n) -> eta * lambda_n < 2 ->
  let rho := eta * lambda_n - 1 in
  sigma_of rho C r < 1 -> x_of rho C r <= 1 -> tail rho C r < Rabs (dot n v_n (h step)) ->
  direction_claim true rho b_large (scale ((-1) ^ step * sign (dot n v_n (h step))) v_n).
Proof.
  intros Large Stable rho Hsigma Hx Ht. destruct (large_step_dominates Large Stable) as (Hrho & Hb & Across).
  assert (Modulus : Rabs (1 - eta * lambda_n) = rho) by (unfold rho; rewrite Rabs_left; lra).
  assert (H := line_claim true v_n (1 - eta * lambda_n) b_large).
  rewrite Modulus in H. simpl turn in H. apply H; auto; try (unfold rho; lra).
  - apply (highest_unit _ _ _ _ _ _ _ _ ends).
  - apply multiplier_eigenvector, (highest_eigenvector _ _ _ _ _ _ _ _ ends).
Qed.

(** On the boundary, with both amplitudes beyond the tail: two limits, which differ. *)
Theorem boundary_two_cycle :
  eta * (lambda_1 + lambda_n) = 2 ->
  let rho := 1 - eta * lambda_1 in
  sigma_of rho C r < 1 -> x_of rho C r <= 1 ->
  tail rho C r < Rabs (dot n v_1 (h step)) -> tail rho C r < Rabs (dot n v_n (h step)) ->
  exists even odd, 0 < norm n (difference even odd) /\
    tends_to n (fun k => direction n (h (2 * k + step)%nat)) even /\
    tends_to n (fun k => direction n (h (S (2 * k) + step)%nat)) odd.
Proof.
  assert (Bs := B_symmetric). intros Boundary rho Hsigma Hx T1 Tn.
  destruct (boundary_dominates Boundary) as (Hrho & Opposite & Hb & Across). fold rho in Hrho, Opposite, Hb.
  assert (U1 := lowest_unit _ _ _ _ _ _ _ _ ends). assert (Un := highest_unit _ _ _ _ _ _ _ _ ends).
  assert (E1 := multiplier_eigenvector v_1 lambda_1 (lowest_eigenvector _ _ _ _ _ _ _ _ ends)). fold rho in E1.
  assert (En := multiplier_eigenvector v_n lambda_n (highest_eigenvector _ _ _ _ _ _ _ _ ends)). rewrite Opposite in En.
  assert (Hr : 0 <= r) by (eapply Rle_trans; [apply norm_nonneg|exact starts_within]).
  assert (rho1 : rho < 1).
  { assert (0 <= C * r) by (apply Rmult_le_pos; auto). unfold sigma_of in Hsigma. lra. }
  set (b := Rmax 0 b_boundary).
  assert (Hb0 : 0 <= b < rho) by (split; [apply Rmax_l|apply Rmax_lub_lt; lra]).
  assert (Projected : forall v u, dot n v v = 1 -> norm n (apply n (outer v v) u) = Rabs (dot n v u)).
  { intros v u U. rewrite (norm_same n _ _ (apply_line n v u)), norm_scale, (norm_unit n v U). ring. }
  assert (Kernel : forall v z, dot n v v = 1 -> same n (apply n (outer v v) z) zero -> dot n v z = 0).
  { intros v z U Z. assert (H := Projected v z U).
    rewrite (norm_same n _ zero Z) in H. unfold norm in H.
    rewrite (dot_zero_l n zero zero) in H by reflexivity. rewrite sqrt_0 in H.
    destruct (Req_dec (dot n v z) 0) as [|NZ]; [assumption|]. apply Rabs_no_R0 in NZ. lra. }
  destruct (two_cycle n B (outer v_1 v_1) (outer v_n v_n) rho b C r (fun k => h (k + step)%nat) (fun k => g (k + step)%nat))
    as (plus & minus & D & _ & _ & _ & _ & _ & _ & Rate & Different); auto using line_projector.
  - intros u. apply line_eigenspace, E1.
  - intros u. apply line_eigenspace, En.
  - intros z Z1 Zn. apply Across; auto; [apply Hb0|apply Rmax_r].
  - intros k. apply (descent_step (k + step)).
  - rewrite Projected; assumption.
  - rewrite Projected; assumption.
  - exists (direction n (combination 1 plus 1 minus)), (direction n (combination 1 plus (-1) minus)).
    split; [exact Different|].
    assert (Limit := rate_to_zero rho b D Hb0 rho1).
    split.
    + apply (tends_to_squeeze n (fun k => direction n (h (2 * k + step)%nat))) with
        (bound := fun k => D * ((1 + INR (2 * k)) * rate rho b ^ (2 * k))).
      * intros k. assert (H := Rate (2 * k)%nat). rewrite pow_1_even in H. exact H.
      * apply (is_lim_seq_subseq _ _ (fun k => (2 * k)%nat)) in Limit; [exact Limit|].
        apply eventually_subseq. intros k. lia.
    + apply (tends_to_squeeze n (fun k => direction n (h (S (2 * k) + step)%nat))) with
        (bound := fun k => D * ((1 + INR (S (2 * k))) * rate rho b ^ S (2 * k))).
      * intros k. assert (H := Rate (S (2 * k))%nat). rewrite pow_1_odd in H. exact H.
      * apply (is_lim_seq_subseq _ _ (fun k => S (2 * k))) in Limit; [exact Limit|].
        apply eventually_subseq. intros k. lia.
Qed.
End Ends.
